import { run } from './console-work.cjs';

await run();
