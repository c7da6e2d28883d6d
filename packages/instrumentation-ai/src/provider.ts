/** `gen_ai.provider.name` by the names that the SDK's providers have, the longest ones first. */
const PROVIDERS: readonly (readonly [prefix: string, provider: string])[] = [
  ['amazon-bedrock', 'aws.bedrock'],
  ['bedrock', 'aws.bedrock'],
  ['azure', 'azure.ai.openai'],
  ['google.vertex', 'gcp.vertex_ai'],
  ['vertex', 'gcp.vertex_ai'],
  ['google', 'gcp.gemini'],
  ['mistral', 'mistral_ai'],
  ['xai', 'x_ai'],
];

/**
 * `gen_ai.provider.name` of a model. The SDK's name has the API after a point: `openai.chat`, `anthropic.messages`. A
 * provider without a name in the conventions keeps its own.
 */
export function providerOf(name: unknown): string {
  if (typeof name !== 'string') return 'unknown';
  const known = PROVIDERS.find(([prefix]) => name === prefix || new RegExp(`^${prefix}[.-]`).test(name));
  return known?.[1] ?? (name.split('.')[0] as string);
}
