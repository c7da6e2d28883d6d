require('./requests.cjs').serve({ ...require('node:child_process'), ...require('node:worker_threads') });
