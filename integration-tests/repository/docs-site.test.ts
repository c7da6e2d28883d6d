import { execFile } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'clew-site-'));
const site = join(folder, 'site');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function build(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = join(root, 'scripts', 'docs', 'build.mjs');
  try {
    // `npm run docs` uses the pinned version of Node, in which `fs.globSync` is stable.
    const options = ['--disable-warning=ExperimentalWarning', script, '--out', site, ...args];
    return { code: 0, ...(await promisify(execFile)(process.execPath, options)) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

describe('the site of the documentation', () => {
  let pages: readonly string[];
  const read = (page: string) => readFileSync(join(site, page), 'utf8');

  test('is built without a broken link or anchor in any document', async () => {
    expect(await build()).toMatchObject({ code: 0, stderr: '' });
    pages = globSync('**/*.html', { cwd: site });
    expect(pages.length).toBeGreaterThan(40);
  });

  test('loads nothing from the network', () => {
    for (const page of [...pages, 'site.css', 'search.js']) {
      const loaded = read(page).match(
        /(?:src|srcset)="https?:[^"]*|<link[^>]*href="https?:|url\(['"]?https?:/g,
      );
      expect([page, loaded]).toEqual([page, null]);
    }
  });

  test('has a page, an image or a file for every link and source of a page', () => {
    const files = new Set(globSync('**/*.*', { cwd: site }).concat('LICENSE'));
    for (const page of pages) {
      const targets = Array.from(
        read(page).matchAll(/ (?:href|src|srcset)="([^"#]+)[^"]*"/g),
        ([, target]) => target!,
      );
      const local = targets.filter((target) => !/^(https?|mailto):/.test(target));
      expect(local.length).toBeGreaterThan(5);
      const missing = local.filter((target) => !files.has(join(dirname(page), target)));
      expect([page, missing]).toEqual([page, []]);
    }
  });

  test('draws diagrams, and marks the current page', () => {
    expect(read('docs/architecture.html')).toMatch(/<pre class="diagram"><svg /);
    expect(read('docs/sampling.html')).toContain('<a href="sampling.html" aria-current="page">Sampling</a>');
  });

  test('can be searched: the index has the text of each section', () => {
    const index = JSON.parse(
      read('search-index.js').replace('window.searchIndex = ', '').replace(/;\n$/, ''),
    );
    const found = index.filter(({ text }: { text: string }) => text.includes('Log records get the ids'));
    expect(found).toEqual([
      expect.objectContaining({ page: 'Clew', title: 'Packages', url: 'index.html#packages' }),
    ]);
  });
});

test('a broken link, a missing heading and a document without a place in the navigation are errors', async () => {
  const files = {
    'README.md': '# Clew\n\n[a](docs/none.md) [b](docs/context.md#none) [c](#clew) [d](docs)\n',
    'docs/context.md': '# Context\n\n[up](../README.md#clew) ![picture](images/none.svg)\n',
    'docs/forgotten.md': '# Forgotten\n',
  };
  const broken = join(folder, 'broken');
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(broken, file)), { recursive: true });
    writeFileSync(join(broken, file), text);
  }
  const { code, stderr } = await build('--root', broken);
  expect(code).toBe(1);
  expect(stderr.trim().split('\n').sort()).toEqual([
    'README.md: broken link to docs/context.md#none: no such heading',
    'README.md: broken link to docs/none.md',
    'docs/context.md: broken link to images/none.svg',
    'docs/forgotten.md: not in the navigation: add it to scripts/docs/documents.mjs',
  ]);
});
