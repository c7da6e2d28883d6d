import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../run-program.ts';

const TYPESCRIPT = join(__dirname, '..', '..', 'node_modules', 'typescript', 'bin', 'tsc');

/** Below this folder, so that TypeScript finds the packages by their `exports`, as in an installed application. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(__dirname, 'types-'));
});
afterAll(() => rm(folder, { recursive: true }));

test.each([
  ['module', 'nodenext', 'nodenext'],
  ['module', 'esnext', 'bundler'],
  ['commonjs', 'nodenext', 'nodenext'],
  // In this mode, TypeScript does not allow `require` of ES modules.
  ['commonjs', 'node16', 'node16'],
])(
  'a project of type %s compiles with module %s and moduleResolution %s',
  async (type, module, resolution) => {
    const project = join(folder, `${type}-${module}`);
    await mkdir(project);
    await copyFile(join(__dirname, 'types', 'application.ts'), join(project, 'application.ts'));
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
