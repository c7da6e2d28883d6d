import { join } from 'node:path';
import { manifestSuite } from '@clew/testing';
import { AwsLambdaInstrumentation } from '../src/index.ts';

manifestSuite(join(__dirname, '..'), { AwsLambdaInstrumentation });
