// The documents of the site, in the order of its navigation. A document that is missing here is reported by the build.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SECTIONS = [
  ['Start', ['README.md', 'packages/node/README.md', 'packages/viewer/README.md']],
  [
    'Guides',
    [
      'docs/production.md',
      'docs/environments.md',
      'docs/applications.md',
      'docs/libraries-without-a-plugin.md',
      'docs/coming-from-*.md',
      'docs/short-lived-processes.md',
      'docs/sampling.md',
      'docs/propagation.md',
      'docs/compatibility.md',
      'docs/context.md',
      'docs/logs.md',
      'docs/metrics.md',
    ],
  ],
  ['Plugins', ['packages/instrumentation-*/README.md']],
  ['Packages', ['packages/{bundler,core,tracer,sampling,osprofiler,testing}/README.md']],
  [
    'Write a plugin',
    [
      'docs/writing-a-plugin.md',
      'docs/sdk-clients.md',
      'examples/mysql2-plugin/README.md',
      'docs/glossary.md',
    ],
  ],
  ['Examples', ['examples/*/README.md']],
  [
    'Behind it',
    [
      'docs/architecture.md',
      'docs/rationale.md',
      'docs/core-and-tracer.md',
      'packages/sampling/conformance/README.md',
      'benchmarks/README.md',
      'CONTRIBUTING.md',
      'SECURITY.md',
    ],
  ],
];

const ALL =
  '{*.md,docs/**/*.md,packages/*/README.md,packages/*/conformance/*.md,examples/*/*.md,benchmarks/*.md}';

/**
 * Returns the sections of the navigation, each `{ title, documents: [{ path, title, text }] }`, and the paths of
 * documents that are in no section.
 */
export function readDocuments(root) {
  const seen = new Set();
  const find = (pattern) =>
    globSync(pattern, { cwd: root })
      .map((path) => path.replaceAll('\\', '/'))
      .filter((path) => !path.includes('node_modules') && !path.endsWith('CHANGELOG.md'))
      .sort();
  const sections = SECTIONS.map(([title, patterns]) => ({
    title,
    documents: patterns
      .flatMap(find)
      .filter((path) => !seen.has(path) && seen.add(path))
      .map((path) => read(root, path)),
  }));
  return { sections, missing: find(ALL).filter((path) => !seen.has(path)) };
}

function read(root, path) {
  const text = readFileSync(join(root, path), 'utf8');
  const heading = /^# (.*)$/m.exec(text)?.[1] ?? path;
  return { path, title: heading.replaceAll('`', ''), text };
}

/** The file of the site for a document: `docs/sampling.md` is `docs/sampling.html`, a README is its folder's index. */
export function pageOf(path) {
  return path.replace(/(^|\/)README\.md$/, '$1index.html').replace(/\.md$/, '.html');
}
