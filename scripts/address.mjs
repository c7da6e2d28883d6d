// The public address of the repository, which each published package needs in its package.json.
// `npm run address -- https://git.example.com/clew/clew` writes it into all of them; `npm run address` checks them.
// Runs before a release, on any version of Node, and without installed packages.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [address] = process.argv.slice(2);
const folders = readdirSync('packages')
  .filter((name) => existsSync(join('packages', name, 'package.json')))
  .map((name) => `packages/${name}`);

if (address === undefined) check();
else if (/^https:\/\/[^/\s]+\/\S*[^/\s]$/.test(address)) for (const folder of ['.', ...folders]) set(folder);
else fail(`expected an address such as https://git.example.com/clew/clew, got "${address}"`);

function set(folder) {
  const text = JSON.stringify({ ...read(folder), ...fieldsOf(address, folder) }, null, 2);
  writeFileSync(join(folder, 'package.json'), `${text}\n`);
}

function check() {
  const { homepage } = read('.');
  if (homepage === undefined)
    fail(
      'the repository has no public address yet: set it with `npm run address -- URL`, and commit the changes',
    );
  const wrong = folders.filter((folder) => {
    const manifest = read(folder);
    return Object.entries(fieldsOf(homepage, folder)).some(
      ([field, value]) => JSON.stringify(manifest[field]) !== JSON.stringify(value),
    );
  });
  if (wrong.length > 0)
    fail(
      `expected the address ${homepage} in all packages: run \`npm run address -- ${homepage}\` for ${wrong.join(', ')}`,
    );
}

/** The fields of a package. Those of the root name the repository itself. */
function fieldsOf(url, folder) {
  const repository = { type: 'git', url: `git+${url}.git` };
  if (folder === '.') return { homepage: url, bugs: `${url}/issues`, repository };
  const readme = `${url}/tree/main/${folder}#readme`;
  return { homepage: readme, bugs: `${url}/issues`, repository: { ...repository, directory: folder } };
}

function read(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function fail(message) {
  process.stderr.write(`clew: ${message}\n`);
  process.exit(1);
}
