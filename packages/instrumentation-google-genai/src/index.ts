export { GoogleGenaiInstrumentation } from './google-genai-instrumentation.ts';
