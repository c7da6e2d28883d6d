import * as genai3 from '@google/genai';
import * as genai1 from 'genai1';
import * as genai2 from 'genai2';
import * as genai11 from 'genai11';

/** The newest version, whose types the tests use for all versions. */
export type Genai = typeof genai3;

/** The oldest supported version, and the newest of each major. */
export const versions: readonly (readonly [name: string, module: Genai])[] = [
  ['@google/genai 1.1', genai11 as unknown as Genai],
  ['@google/genai 1', genai1 as unknown as Genai],
  ['@google/genai 2', genai2 as unknown as Genai],
  ['@google/genai 3', genai3],
];

const usageMetadata = {
  promptTokenCount: 10,
  candidatesTokenCount: 7,
  cachedContentTokenCount: 4,
  thoughtsTokenCount: 2,
};

/** A response. */
export const result = {
  responseId: 'response-1',
  modelVersion: 'gemini-3-001',
  candidates: [
    { index: 0, finishReason: 'STOP', content: { role: 'model', parts: [{ text: 'It is s3cr3t.' }] } },
  ],
  usageMetadata,
};

/** The text of a chunk of a stream. */
export function chunkOf(text: string, more: object = {}): string {
  const candidates = [{ index: 0, content: { role: 'model', parts: [{ text }] }, ...more }];
  return `data: ${JSON.stringify({ ...result, candidates })}\r\n\r\n`;
}
