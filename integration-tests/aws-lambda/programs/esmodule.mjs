import { createHandlers } from './handlers.cjs';

const { respond, fail, failAtOnce, hang, respondLate, wait } = createHandlers();

export { fail, failAtOnce, hang, respond, respondLate, wait };
export const nested = { respond };
export const stream = globalThis.awslambda?.streamifyResponse(async (_event, response) => {
  const body = awslambda.HttpResponseStream.from(response, { statusCode: 418 });
  body.write('streamed');
  body.end();
});
export default { onlyInDefault: respond };
