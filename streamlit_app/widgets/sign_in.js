// The token never passes through the page's server.
const el = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

export default function signIn({parentElement, data}) {
  const root = parentElement.querySelector('.root');
  if (root.querySelector('form')) return;
  const form = el('form', {className: 'sign-in'});
  const label = el('label', {textContent: data.label});
  const field = el('input', {type: 'password', name: 'token', autocomplete: 'current-password', required: true, maxLength: 500});
  const told = el('p', {className: 'hint'});
  told.setAttribute('role', 'alert');
  label.append(field);
  form.append(label, el('button', {type: 'submit', textContent: data.button, className: 'plain'}), told);
  form.onsubmit = async (event) => {
    event.preventDefault();
    told.textContent = '';
    try {
      const answer = await fetch(data.url, {
        method: 'POST',
        credentials: 'same-origin',
        headers: {'Content-Type': 'application/json', 'Accept-Language': data.language},
        body: JSON.stringify({token: field.value})
      });
      if (answer.ok) return window.location.reload();
      told.textContent = (await answer.json().catch(() => ({}))).detail ?? data.failed;
    } catch {
      told.textContent = data.failed;
    }
  };
  root.replaceChildren(form);
}
