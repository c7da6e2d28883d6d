// Lints and checks the format of the whole tree. `npm run lint -- --write` fixes what can be fixed.
import { spawnSync } from 'node:child_process';

const biome = 'node_modules/@biomejs/biome/bin/biome';
const args = process.argv.slice(2);
const { status } = spawnSync(process.execPath, [biome, 'check', '--error-on-warnings', ...args, '.'], {
  stdio: 'inherit',
});
process.exit(status ?? 1);
