import { posix } from 'node:path';
import { pageOf } from './documents.mjs';

const escapeHtml = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** Returns the page of a document: navigation on the left, the document, and its own headings on the right. */
export function layout(document, rendered, sections) {
  const page = pageOf(document.path);
  const to = (path) => posix.relative(posix.dirname(page), path);
  const own = rendered.headings.filter(({ level }) => level === 2 || level === 3);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(document.title)}${document.title === 'Clew' ? '' : ' · Clew'}</title>
<link rel="stylesheet" href="${to('site.css')}">
<script>window.siteRoot = ${JSON.stringify(to('.') || '.')};</script>
<script defer src="${to('search.js')}"></script>
</head>
<body>
<a class="skip" href="#document">Skip to the document</a>
<header>
<a class="name" href="${to('index.html')}">Clew</a>
<search><input id="search" type="search" placeholder="Search ( / )" aria-label="Search" autocomplete="off"><ol id="results" hidden></ol></search>
</header>
<div class="columns">
<nav aria-label="Documents">
${sections.map((section) => navigation(section, page, to)).join('\n')}
</nav>
<main id="document">
${rendered.html}
</main>
<aside>${own.length > 1 ? `<nav aria-label="On this page"><ul>\n${own.map(heading).join('\n')}\n</ul></nav>` : ''}</aside>
</div>
</body>
</html>
`;
}

function navigation({ title, documents }, page, to) {
  const open = title !== 'Plugins' || documents.some(({ path }) => pageOf(path) === page);
  const items = documents.map((document) => {
    const target = pageOf(document.path);
    const current = target === page ? ' aria-current="page"' : '';
    return `<li><a href="${to(target)}"${current}>${escapeHtml(shortTitle(document.title))}</a></li>`;
  });
  return `<details${open ? ' open' : ''}><summary>${title}</summary><ul>\n${items.join('\n')}\n</ul></details>`;
}

function shortTitle(title) {
  return title.replace('@clew/instrumentation-', '');
}

function heading({ level, id, text }) {
  return `<li class="level${level}"><a href="#${id}">${escapeHtml(text)}</a></li>`;
}
