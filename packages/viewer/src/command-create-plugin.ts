import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineCommand, TEXT } from './command.ts';
import { UsageError } from './usage-error.ts';

declare const __VERSION__: string;

const TEMPLATES = fileURLToPath(new URL('../plugin-templates', import.meta.url));

/** The kinds of libraries that there is an example for. */
const KINDS = ['db', 'client'];

/** npm does not pack files with this name, so the template's file has no dot. */
const GITIGNORE = '.gitignore';

const NAME = /^(@[a-z][a-z\d._-]*\/)?[a-z][a-z\d._-]*$/;

/** `clew create-plugin NAME`: creates the folder `clew-instrumentation-NAME` with a plugin that passes its tests. */
export const createPlugin = defineCommand({
  name: 'create-plugin',
  usage: `  clew create-plugin NAME         a folder with a plugin for the library NAME
      --template KIND    the kind of library: db, a database (default), or
                         client, the client of an SDK
`,
  options: { template: TEXT },
  maxPositionals: 1,
  run({ template = 'db' }, [library]) {
    if (library === undefined)
      throw new UsageError('expected the name of a library: clew create-plugin NAME');
    if (!KINDS.includes(template))
      throw new UsageError(`--template: expected ${KINDS.join(' or ')}, got "${template}"`);
    create(library, template, __VERSION__);
  },
});

/** Creates the folder; `version` is that of Clew's packages. Throws if the folder exists. */
function create(library: string, kind: string, version: string): void {
  if (!NAME.test(library))
    throw new UsageError(`expected a package name in lower case, such as "pg", got "${library}"`);
  const name = library.replace(/^@/, '').replace('/', '-');
  const folder = `clew-instrumentation-${name}`;
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new Error(`${folder} already exists`);
    throw error;
  }
  const replacements = {
    __library__: library,
    __name__: name,
    __Name__: pascalCase(name),
    __NAME__: upperSnake(name),
    __version__: version,
  };
  for (const part of ['common', kind]) {
    const template = join(TEMPLATES, part);
    for (const entry of readdirSync(template, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, `.${entry.name}` === GITIGNORE ? GITIGNORE : entry.name);
      const file = folder + path.slice(template.length);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, fill(readFileSync(join(entry.parentPath, entry.name), 'utf8'), replacements));
    }
  }
  process.stdout.write(
    `created ${folder}\n\n  cd ${folder}\n  npm install\n  npm test\n\n` +
      `Its README.md lists the steps from the example to a plugin for ${library}.\n`,
  );
}

function fill(text: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((filled, [word, value]) => filled.replaceAll(word, value), text);
}

/** `socket.io` → `SocketIo`. */
function pascalCase(name: string): string {
  return name.replace(/(?:^|[^a-z\d]+)([a-z\d])/g, (_match, first: string) => first.toUpperCase());
}

/** `socket.io` → `SOCKET_IO`, as in the names of variables. */
function upperSnake(name: string): string {
  return name.replace(/[^a-z\d]/g, '_').toUpperCase();
}
