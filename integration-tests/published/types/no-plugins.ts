// Code of a user without installed plugins: TypeScript knows no names, so it checks no names.
import { init } from '@clew/node';

init({ plugins: { express: { layers: 'slow' } } });

// @ts-expect-error the other options are checked
init({ plugin: {} });
