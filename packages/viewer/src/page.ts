import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../dist/page.html', import.meta.url));
const DATA = '%DATA%';

/**
 * The page as one HTML file. With the JSON of a trace, as from `TraceStore.traceJson`, it shows that trace and needs
 * no collector. Throws if the package is not built.
 */
export function pageHtml(traceJson = ''): string {
  const [before, after, ...more] = readFileSync(FILE, 'utf8').split(DATA);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`expected one ${DATA} in ${FILE}`);
  // Inside of a script element, only this character could end it.
  return before + traceJson.replaceAll('<', '\\u003c') + after;
}
