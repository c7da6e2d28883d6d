// Builds the page of @clew/viewer as one HTML file, whose content security policy allows only its own script and style.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Writes the page of a package folder to `dist/page.html`; returns that path. */
export async function buildPage(folder) {
  const web = join(folder, 'web');
  const { outputFiles } = await build({
    entryPoints: [join(web, 'main.tsx'), join(web, 'page.css')],
    outdir: join(folder, 'dist'),
    write: false,
    bundle: true,
    minify: true,
    format: 'iife',
    target: ['chrome120', 'firefox121', 'safari17'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'warning',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const textOf = (extension) => outputFiles.find(({ path }) => path.endsWith(extension)).text.trim();
  const [script, style] = [textOf('.js'), textOf('.css')];
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const parts = { CSP: policy, STYLE: style, SCRIPT: script };
  const template = readFileSync(join(web, 'page.html'), 'utf8');
  const path = join(folder, 'dist', 'page.html');
  writeFileSync(
    path,
    template.replaceAll(/%(CSP|STYLE|SCRIPT)%/g, (_, name) => parts[name]),
  );
  return path;
}

function hashOf(text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
