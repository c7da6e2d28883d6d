// A traced program whose spans go nowhere.
import { init } from '@clew/node';

init({ exporter: false });
