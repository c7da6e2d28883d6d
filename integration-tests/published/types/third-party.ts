// Code of a user with two plugins of other publishers: one was made with `clew create-plugin`, the other is CommonJS.

// biome-ignore lint/correctness/noUndeclaredDependencies: the test creates it.
import type {} from '@acme/clew-plugin-queue';
import { init } from '@clew/node';
// biome-ignore lint/correctness/noUndeclaredDependencies: the test creates it.
import type {} from 'clew-instrumentation-tinydb';

init({ plugins: { tinydb: { maxQueryLength: 9 }, queue: { depth: 2 }, express: { layers: 'slow' } } });
init({ plugins: { 'clew-instrumentation-tinydb': false, '@acme/clew-plugin-queue': { depth: 2 } } });

// @ts-expect-error an option is misspelt
init({ plugins: { tinydb: { maxQueryLenght: 9 } } });
// @ts-expect-error the name of a plugin is misspelt
init({ plugins: { tinidb: { maxQueryLength: 9 } } });
// @ts-expect-error a number
init({ plugins: { queue: { depth: '2' } } });
// @ts-expect-error the name in options has no prefix
init({ plugins: { 'clew-plugin-queue': { depth: 2 } } });
