import { join } from 'node:path';
import { readmeSuite } from '@clew/testing';

readmeSuite(join(__dirname, '..'), ['CREATE songs', 'INSERT songs', 'SELECT songs']);
