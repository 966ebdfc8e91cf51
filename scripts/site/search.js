// Search in the site's pages. A classic script: pages opened from a disk load no modules. Words are looked up as they
// are typed; all of them must be in a section, anywhere within words; where they are says which section comes first.
(() => {
  const shownMax = 12;
  const excerptLength = 150;

  const edge = '[\\p{L}\\p{N}]';
  const wholeWord = word =>
    new RegExp(`(?<!${edge})${word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')}(?!${edge})`, 'u');

  /** As one word: "write timeout" is WRITE_TIMEOUT and WriteTimeoutError, too. */
  const squashed = text => text.replace(/[^\p{L}\p{N}]+/gu, '');

  /** Larger is better; 0 when a word is not in it. */
  function scoreOf([, name, heading, text], words, wholes) {
    const [title, body, page] = [heading, text, name].map(each => each.toLowerCase());
    let score = title === words.join(' ') ? 50 : 0;
    for (const [at, word] of words.entries()) {
      if (wholes[at].test(title)) score += 20;
      else if (title.includes(word)) score += 10;
      else if (wholes[at].test(body)) score += 4;
      else if (body.includes(word) || page.includes(word)) score += 1;
      else return 0;
    }
    const phrase = squashed(words.join(''));
    if (words.length > 1 && squashed(title).includes(phrase)) score += 25;
    else if (words.length > 1 && squashed(body).includes(phrase)) score += 10;
    return score;
  }

  /** Some text around the words as they were typed, or else around the longest that is in it. */
  function excerptOf(text, words) {
    const lower = text.toLowerCase();
    const phrase = words.map(word => word.replace(/[^\p{L}\p{N}]/gu, '.')).join('[^\\p{L}\\p{N}]+');
    const longest = words.toSorted((a, b) => b.length - a.length).find(word => lower.includes(word));
    const at = new RegExp(phrase, 'u').exec(lower)?.index ?? lower.indexOf(longest ?? '');
    const from = at < 40 ? 0 : text.indexOf(' ', at - 40) + 1;
    const rest = text.slice(from);
    const part =
      rest.length <= excerptLength ? rest : `${rest.slice(0, rest.lastIndexOf(' ', excerptLength))} …`;
    return `${from > 0 ? '… ' : ''}${part}`;
  }

  /** The best sections of the index, each `{address, name, heading, excerpt}`. */
  function find(index, query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return [];
    const wholes = words.map(wholeWord);
    return index
      .map(entry => ({ entry, score: scoreOf(entry, words, wholes) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, shownMax)
      .map(({ entry: [address, name, heading, text] }) => ({
        address,
        name,
        heading,
        excerpt: excerptOf(text, words),
      }));
  }
  globalThis.dynatsSearch = { find };
  if (typeof document === 'undefined') return;

  const form = document.querySelector('.search');
  const field = form.querySelector('input');
  const list = form.querySelector('ul');
  form.hidden = false;
  let loading = false;

  function load() {
    if (loading) return;
    loading = true;
    const script = document.createElement('script');
    script.src = 'search-index.js';
    script.onload = show;
    document.head.append(script);
  }

  function show() {
    const query = field.value.trim();
    const index = globalThis.dynatsIndex;
    list.hidden = query === '' || index === undefined;
    if (list.hidden) return;
    const found = find(index, query);
    list.replaceChildren(...(found.length === 0 ? [nothing(query)] : found.map(resultOf)));
  }

  function part(tag, className, text) {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = text;
    return element;
  }

  function nothing(query) {
    return part('li', 'none', `Nothing has all of "${query}" in one section. Try fewer words.`);
  }

  function resultOf({ address, name, heading, excerpt }) {
    const link = document.createElement('a');
    link.href = address;
    link.className = 'found';
    link.append(part('b', '', heading), part('i', '', name), part('span', '', excerpt));
    // An anchor of this page leaves the list open otherwise.
    link.addEventListener('click', close);
    const item = document.createElement('li');
    item.append(link);
    return item;
  }

  function close() {
    list.hidden = true;
  }

  function move(step) {
    const stops = [field, ...list.querySelectorAll('a')];
    const at = stops.indexOf(document.activeElement);
    stops[Math.min(Math.max(at + step, 0), stops.length - 1)].focus();
  }

  field.addEventListener('focus', () => {
    load();
    show();
  });
  field.addEventListener('input', show);
  form.addEventListener('submit', event => {
    event.preventDefault();
    list.querySelector('a')?.click();
  });
  form.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget === null || !form.contains(relatedTarget)) close();
  });
  form.addEventListener('keydown', event => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      move(event.key === 'ArrowDown' ? 1 : -1);
    } else if (event.key === 'Escape') {
      close();
      field.blur();
    }
  });
  document.addEventListener('keydown', event => {
    const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? '');
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    event.preventDefault();
    field.focus();
  });
})();
