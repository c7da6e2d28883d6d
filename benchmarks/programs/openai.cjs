// Chat completions of OpenAI's client, from the untraced server.
const { OpenAI } = require('openai');

exports.start = async () => {
  const baseURL = `http://127.0.0.1:${process.env.BENCH_PEER_PORT}/v1`;
  const client = new OpenAI({ apiKey: 'key', baseURL });
  const messages = [{ role: 'user', content: 'Name a Greek heroine.' }];
  return () => client.chat.completions.create({ model: 'gpt-5', messages });
};
