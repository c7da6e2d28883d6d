import { join } from 'node:path';
import { manifestSuite, readmeSuite } from '@clew/testing';
import { ChildProcessInstrumentation } from '../src/index.ts';

manifestSuite(join(__dirname, '..'), { ChildProcessInstrumentation });
readmeSuite(join(__dirname, '..'), ['upload', 'node', 'resize a.png']);
