// Prints its trace; with the argument `again`, prints the trace of its own child process.
import './install.mjs';
import { execFileSync } from 'node:child_process';
import { carryToChild } from '@clew/core';
import { currentTrace } from '../current-trace.mjs';

await new Promise((resolve) => setTimeout(resolve, 1));
if (process.argv[2] !== 'again') process.stdout.write(currentTrace());
else process.stdout.write(execFileSync(process.execPath, [process.argv[1]], { env: carryToChild() }));
