import { join } from 'node:path';
import { readmeSuite } from '@clew/testing';

readmeSuite(join(__dirname, '..'), ['GET /songs/:id', 'middleware - loadSession']);
