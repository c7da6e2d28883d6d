// Starts tracing without an exporter.
import { init } from '@clew/node';

init({ exporter: false });
