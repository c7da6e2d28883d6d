import { Readable } from 'node:stream';
import { CATCH_ALL, type Step, type StepControl, type StepHandler } from '@clew/testing';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { FastifyModule } from './program.ts';

/** Builds a suite's steps with one of the Fastifys. */
export function buildSteps(create: FastifyModule, steps: readonly Step[]): FastifyInstance {
  const app = create();
  addTo(app, steps);
  return app;
}

function addTo(app: FastifyInstance, steps: readonly Step[]): void {
  for (const step of steps) {
    if (step.kind === 'middleware') {
      app.addHook('onRequest', (_request, reply, done) => {
        void run(step.handle, controlOf(reply, done)).catch(done);
      });
    } else if (step.kind === 'errorHandler') {
      app.setErrorHandler(async (_error, _request, reply) => {
        await step.handle(controlOf(reply, () => {}));
        return reply;
      });
    } else if (step.kind === 'mount') {
      app.register(async (inner) => addTo(inner, step.steps), { prefix: step.path ?? '' });
    } else {
      const [last, ...before] = [...step.handlers].reverse();
      app.all(
        step.path === CATCH_ALL ? '*' : step.path,
        {
          preHandler: before.reverse().map((handle) => (_request, reply, done) => {
            void run(handle, controlOf(reply, done)).catch(done);
          }),
        },
        async (_request, reply) => {
          await last?.(controlOf(reply, () => reply.callNotFound()));
          return reply;
        },
      );
    }
  }
}

async function run(handle: StepHandler, control: StepControl): Promise<void> {
  await handle(control);
}

function controlOf(reply: FastifyReply, next: () => unknown): StepControl {
  return {
    respond: (status = 200) => void reply.code(status).send('ok'),
    sendPart: () => void reply.raw.write('part'),
    end: () => void reply.raw.end(),
    breakOff: (error) => void reply.send(Readable.from(failingParts(error))),
    next,
  };
}

async function* failingParts(error: Error): AsyncGenerator<string> {
  yield 'part';
  throw error;
}
