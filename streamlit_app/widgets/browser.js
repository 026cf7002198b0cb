// Language and theme of the whole page, and Streamlit's own words in the reader's language.
const THEME_KEY = 'stActiveTheme-';
const THEME_VERSION = '-v2';
const ATTRIBUTES = ['aria-label', 'title', 'placeholder', 'alt'];
let dictionary = {exact: new Map(), patterns: []};
let watching = null;

export default function browser({data}) {
  document.documentElement.lang = data.language;
  document.cookie = `${data.cookie}=${data.language}; path=/; max-age=31536000; samesite=lax`;
  document.documentElement.dataset.qorganTheme = data.actual ?? data.theme ?? 'light';
  applyTheme(data);
  const entries = Object.entries(data.dictionary);
  dictionary = {
    exact: new Map(entries.filter(([from]) => !isPattern(from))),
    patterns: entries.filter(([from]) => isPattern(from)).map(([from, to]) => [patternOf(from), to])
  };
  translateUnder(document.body);
  watching ??= watch();
}

const isPattern = (text) => /\{#?\}/.test(text);

/** ``{}`` stands for any text, ``{#}`` for a number. */
function patternOf(text) {
  const parts = text.split(/(\{#?\})/).map((part) => ({'{}': '(.+?)', '{#}': '([\\d.,]+)'})[part] ?? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('')}$`);
}

function translated(text) {
  const bare = text.trim();
  if (!bare) return null;
  const found = dictionary.exact.get(bare);
  if (found !== undefined) return found;
  for (const [pattern, to] of dictionary.patterns) {
    const match = pattern.exec(bare);
    if (match) {
      let i = 1;
      return to.replace(/\{#?\}/g, () => match[i++] ?? '');
    }
  }
  return null;
}

function isOurs(node) {
  // what the page wrote in the reader's language, and what readers typed, is never touched
  if (node.closest?.('[data-testid="stFileUploader"]')) return false; // its button's words are Streamlit's, though drawn as text
  return node.closest?.('[data-testid="stMarkdownContainer"], [data-testid="stHtml"], textarea, input, script, style');
}

function translateText(node) {
  if (!node.parentElement || isOurs(node.parentElement)) return;
  const to = translated(node.nodeValue);
  if (to !== null && to !== node.nodeValue) node.nodeValue = to;
}

function translateAttributes(element) {
  for (const name of ATTRIBUTES) {
    const value = element.getAttribute(name);
    const to = value && translated(value);
    if (to !== null && to && to !== value) element.setAttribute(name, to);
  }
}

function translateUnder(root) {
  if (root.nodeType === Node.TEXT_NODE) return translateText(root);
  if (root.nodeType !== Node.ELEMENT_NODE) return;
  translateAttributes(root);
  for (const element of root.querySelectorAll(ATTRIBUTES.map((name) => `[${name}]`).join(','))) translateAttributes(element);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) translateText(walker.currentNode);
}

function watch() {
  const observer = new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === 'characterData') translateText(change.target);
      else if (change.type === 'attributes') translateAttributes(change.target);
      else for (const node of change.addedNodes) translateUnder(node);
    }
  });
  observer.observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES});
  return observer;
}

/** Streamlit reads its theme when the page is loaded; everything seen is in the address, so loading it again loses nothing. */
function applyTheme({theme, actual}) {
  if (!theme || !actual || theme === actual) return sessionStorage.removeItem('qorgan-theme');
  if (sessionStorage.getItem('qorgan-theme') === theme) return; // tried already: never twice
  sessionStorage.setItem('qorgan-theme', theme);
  const name = JSON.stringify(theme === 'dark' ? 'Dark' : 'Light');
  const paths = new Set(['/', window.location.pathname]);
  for (const link of document.querySelectorAll('a[href]')) {
    if (link.origin === window.location.origin) paths.add(link.pathname);
  }
  for (const path of paths) localStorage.setItem(`${THEME_KEY}${path}${THEME_VERSION}`, name);
  setTimeout(() => window.location.reload(), 200); // after the address has been written
}
