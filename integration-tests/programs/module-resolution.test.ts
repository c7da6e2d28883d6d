import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../run-program.ts';

const TYPESCRIPT = join(__dirname, '..', '..', 'node_modules', 'typescript', 'bin', 'tsc');

/** Beneath this folder, so that the packages are found as in an installed application: by their `exports`. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(__dirname, 'types-'));
});
afterAll(() => rm(folder, { recursive: true }));

test.each([
  ['module', 'nodenext', 'nodenext'],
  ['module', 'esnext', 'bundler'],
  ['commonjs', 'nodenext', 'nodenext'],
  // This mode does not know that Node can require ES modules.
  ['commonjs', 'node16', 'node16'],
])(
  'a project of type %s finds the types with module %s and resolution %s',
  async (type, module, resolution) => {
    const project = join(folder, `${type}-${module}`);
    await mkdir(project);
    await copyFile(join(__dirname, 'types', 'program.ts'), join(project, 'program.ts'));
    await writeFile(join(project, 'package.json'), JSON.stringify({ type }));
    const compilerOptions = {
      strict: true,
      target: 'es2022',
      module,
      moduleResolution: resolution,
      types: ['node'],
      noEmit: true,
    };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    const { code, stdout } = await runProgram([TYPESCRIPT, '-p', project]);
    expect([code, stdout]).toEqual([0, '']);
  },
);
