// Runs a peer in its own process: node serve.mjs PEER. A message names a function of the peer; the response has the
const peer = await import(`./${process.argv[2]}.mjs`);

process.on('message', async ({ number, operation, input }) => {
  try {
    process.send({ number, result: await peer[operation](input) });
  } catch (error) {
    process.send({ number, error: error.stack });
  }
});
process.send({ ready: true });
