import { URL } from 'node:url';

/** Services with an API like OpenAI's, by their hosts; a leading dot stands for all hosts of a domain. */
const PROVIDERS: readonly (readonly [host: string, provider: string])[] = [
  ['.openai.azure.com', 'azure.ai.openai'],
  ['.services.ai.azure.com', 'azure.ai.inference'],
  ['.models.ai.azure.com', 'azure.ai.inference'],
  ['.amazonaws.com', 'aws.bedrock'],
  ['api.deepseek.com', 'deepseek'],
  ['api.groq.com', 'groq'],
  ['api.mistral.ai', 'mistral_ai'],
  ['api.perplexity.ai', 'perplexity'],
  ['api.x.ai', 'x_ai'],
];

/** `gen_ai.provider.name` of a client: by its class or its URL; else `openai`. */
export function providerOf(client: {
  readonly baseURL?: unknown;
  readonly constructor: { readonly name: string };
}): string {
  if (client.constructor.name === 'AzureOpenAI') return 'azure.ai.openai';
  if (client.constructor.name === 'BedrockOpenAI') return 'aws.bedrock';
  const { baseURL } = client;
  if (typeof baseURL !== 'string' || !URL.canParse(baseURL)) return 'openai';
  const { hostname } = new URL(baseURL);
  const isOf = (host: string) => (host.startsWith('.') ? hostname.endsWith(host) : hostname === host);
  return PROVIDERS.find(([host]) => isOf(host))?.[1] ?? 'openai';
}
