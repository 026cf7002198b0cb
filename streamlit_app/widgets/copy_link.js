// Copies the address of the page as it is now.
export default function copyLink({parentElement, data}) {
  const root = parentElement.querySelector('.root');
  const button = Object.assign(document.createElement('button'), {type: 'button', textContent: data.text, className: 'plain'});
  const told = Object.assign(document.createElement('span'), {className: 'told'});
  told.setAttribute('role', 'status');
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(window.location.href);
    } catch {
      // without TLS there is no clipboard: the old way
      const field = Object.assign(document.createElement('textarea'), {value: window.location.href});
      document.body.append(field);
      field.select();
      document.execCommand('copy');
      field.remove();
    }
    told.textContent = data.done;
    setTimeout(() => (told.textContent = ''), 3000);
  };
  root.replaceChildren(button, told);
}
