// `npm run docs`: builds a static site from the documents of the repository, in dist/docs. It needs no server: open
// dist/docs/index.html. Broken links between documents, and documents that are not in the navigation, are errors.
import { copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { pageOf, readDocuments } from './documents.mjs';
import { layout } from './layout.mjs';
import { render } from './markdown.mjs';

const here = import.meta.dirname;
const { values: flags } = parseArgs({
  options: {
    root: { type: 'string', default: join(here, '..', '..') },
    out: { type: 'string', default: join(here, '..', '..', 'dist', 'docs') },
  },
});
const { sections, missing } = readDocuments(flags.root);
const documents = sections.flatMap((section) => section.documents);
const pages = new Set(documents.map(({ path }) => path));
const problems = missing.map(
  (path) => `${path}: not in the navigation: add it to scripts/docs/documents.mjs`,
);
const files = new Set();

for (const document of documents) {
  document.links = [];
  document.rendered = render(document.text, (target) => resolveTarget(document, target));
}
for (const { path, links } of documents) checkAnchors(path, links);

rmSync(flags.out, { recursive: true, force: true });
for (const document of documents) write(pageOf(document.path), layout(document, document.rendered, sections));
for (const file of files) {
  mkdirSync(dirname(join(flags.out, file)), { recursive: true });
  copyFileSync(join(flags.root, file), join(flags.out, file));
}
copyFileSync(join(here, 'site.css'), join(flags.out, 'site.css'));
write('search-index.js', `window.searchIndex = ${JSON.stringify(searchIndex())};\n`);
const search = { entryPoints: [join(here, 'search.js')], outfile: join(flags.out, 'search.js') };
buildSync({ ...search, bundle: true, minify: true, format: 'iife', target: 'es2022', logLevel: 'error' });

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`${documents.length} documents: ${resolve(flags.out, 'index.html')}`);

/** Returns the target on the site, or `undefined` for a folder, which has no page. */
function resolveTarget({ path, links }, target) {
  const [file, anchor] = target.split('#');
  const wanted = file === '' ? path : posix.join(posix.dirname(path), decodeURI(file));
  const stats = statSync(join(flags.root, wanted), { throwIfNoEntry: false });
  if (stats === undefined || wanted.startsWith('../')) {
    problems.push(`${path}: broken link to ${target}`);
    return undefined;
  }
  if (stats.isDirectory()) return undefined;
  if (!pages.has(wanted)) files.add(wanted);
  else if (anchor !== undefined) links.push({ target, wanted, anchor });
  const relative = file === '' ? '' : posix.relative(posix.dirname(pageOf(path)), pageOf(wanted));
  return anchor === undefined ? relative : `${relative}#${anchor}`;
}

function checkAnchors(path, links) {
  for (const { target, wanted, anchor } of links) {
    const { rendered } = documents.find((document) => document.path === wanted);
    if (!rendered.anchors.has(anchor)) problems.push(`${path}: broken link to ${target}: no such heading`);
  }
}

function searchIndex() {
  return documents.flatMap(({ path, title, rendered }) =>
    rendered.sections.map((section) => ({ ...section, page: title, url: `${pageOf(path)}#${section.id}` })),
  );
}

function write(file, text) {
  mkdirSync(dirname(join(flags.out, file)), { recursive: true });
  writeFileSync(join(flags.out, file), text);
}
