import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(__dirname, '..', '..', '..');

/** The folder of an application outside this repository. */
export interface Project {
  readonly folder: string;
  write(path: string, text: string): void;
  /** Copies Clew's built packages. Their dependencies are found in this repository. */
  copyPackages(...names: string[]): void;
  remove(): void;
}

export function makeProject(): Project {
  const folder = mkdtempSync(join(tmpdir(), 'clew-project-'));
  return {
    folder,
    write: (path, text) => {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    },
    copyPackages: (...names) => {
      for (const name of names) {
        const target = join(folder, 'node_modules', '@clew', name);
        cpSync(join(root, 'packages', name, 'package.json'), join(target, 'package.json'), {
          recursive: true,
        });
        cpSync(join(root, 'packages', name, 'dist'), join(target, 'dist'), { recursive: true });
      }
      for (const name of ['@opentelemetry', 'import-in-the-middle']) {
        symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
