// The search of the site, in the browser. The index is a script, so that the pages work as files as well.
import MiniSearch from 'minisearch';

const input = document.getElementById('search');
const results = document.getElementById('results');
const root = window.siteRoot;
let index;

function load() {
  index ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = `${root}/search-index.js`;
    script.onerror = reject;
    script.onload = () => {
      const search = new MiniSearch({
        idField: 'url',
        fields: ['title', 'page', 'text'],
        storeFields: ['title', 'page'],
        searchOptions: { boost: { title: 3, page: 2 }, prefix: true, fuzzy: 0.1, combineWith: 'AND' },
      });
      search.addAll(window.searchIndex);
      resolve(search);
    };
    document.head.append(script);
  });
  return index;
}

async function show() {
  const search = await load();
  const found = search.search(input.value).slice(0, 12);
  results.replaceChildren(
    ...found.map(({ id, title, page }) => {
      const link = Object.assign(document.createElement('a'), { href: `${root}/${id}` });
      link.append(title, Object.assign(document.createElement('small'), { textContent: page }));
      const item = document.createElement('li');
      item.append(link);
      return item;
    }),
  );
  if (found.length === 0 && input.value !== '') results.append('Nothing found.');
  results.hidden = input.value === '';
}

input.addEventListener('focus', load);
input.addEventListener('input', show);
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && document.activeElement !== input) {
    event.preventDefault();
    input.focus();
  } else if (event.key === 'Escape') {
    results.hidden = true;
    input.blur();
  } else if (event.key === 'Enter' && document.activeElement === input) {
    results.querySelector('a')?.click();
  }
});
