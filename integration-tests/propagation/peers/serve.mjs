// Runs one peer in a process of its own: node serve.mjs PEER. Every message names what to do; the answer has its number.
const peer = await import(`./${process.argv[2]}.mjs`);

process.on('message', async ({ number, operation, given }) => {
  try {
    process.send({ number, result: await peer[operation](given) });
  } catch (error) {
    process.send({ number, error: error.stack });
  }
});
process.send({ ready: true });
