// The provider is found by whole host names.
import { providerOf } from '../src/provider.ts';

test.each([
  ['api.x.ai', 'x_ai'],
  ['myapi.x.ai', 'openai'],
  ['api.groq.com', 'groq'],
  ['notapi.groq.com', 'openai'],
  ['songs.openai.azure.com', 'azure.ai.openai'],
  ['openai.azure.com.example', 'openai'],
  ['bedrock-runtime.eu-west-1.amazonaws.com', 'aws.bedrock'],
  ['myamazonaws.com', 'openai'],
])('%s is %s', (host, provider) => {
  const client = { baseURL: `https://${host}/v1`, constructor: { name: 'OpenAI' } };
  expect(providerOf(client)).toBe(provider);
});
