import { main } from './command-line.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader has closed the pipe, as in `clew list | head`.
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
// A command continues without a reader of its messages: `clew run` must not abandon its application.
process.stderr.on('error', () => {});
void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
