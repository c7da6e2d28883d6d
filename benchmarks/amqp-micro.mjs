// What tracing adds to a message published, consumed and acknowledged, without amqplib, a broker and the export: the
// plugin on channels that do nothing. Nanoseconds of CPU, the least of many short rounds: what changed shows here
// where the machine's noise hides it in the whole program.
// npx node benchmarks/amqp-micro.mjs (after `npm run build`)
import { createServer } from 'node:http';
import { AmqplibInstrumentation } from '@clew/instrumentation-amqplib';
import { init } from '@clew/node';

const ROUNDS = 150;
const MESSAGES = 4000;
const QUEUE = 'amq.gen-JzTY20BRgKO-HjmUJj0wLg';
const CONSUMER = 'amq.ctag-1';
const BASIC_CONSUME = (60 << 16) | 20;
const BASIC_ACK = (60 << 16) | 80;
const content = Buffer.from('{"order":42}');
const routingKey = Buffer.from(QUEUE);

/** As much of amqplib's channels as the plugin looks at. */
function channels() {
  class Channel {
    connection = { stream: { _host: '127.0.0.1', remotePort: 5672 } };
    sent = undefined;
    sendMessage(_fields, properties) {
      this.sent = properties.headers;
      return true;
    }
    sendImmediately(_method, _fields) {}
    sendOrEnqueue(_method, _fields, reply) {
      reply(null, { fields: { consumerTag: CONSUMER } });
    }
    pushConfirmCallback(_callback) {}
    emit(_event, message) {
      this.dispatchMessage(message.fields, message);
      return true;
    }
    toClosed(_stack) {}
  }
  return class BaseChannel extends Channel {
    dispatchMessage(fields, _message) {
      this.sendImmediately(BASIC_ACK, { deliveryTag: fields.deliveryTag, multiple: false });
    }
  };
}

/** A message on its way from one channel to another, made as amqplib makes it. */
function oneMessage(BaseChannel) {
  const [publisher, consumer] = [new BaseChannel(), new BaseChannel()];
  consumer.sendOrEnqueue(BASIC_CONSUME, { queue: QUEUE }, () => {});
  let deliveryTag = 0;
  return () => {
    const fields = { exchange: '', routingKey: QUEUE, headers: Object.create(null) };
    publisher.sendMessage(fields, fields, content);
    const headers = {};
    for (const name in publisher.sent) headers[name] = publisher.sent[name];
    consumer.emit('delivery', {
      fields: {
        consumerTag: CONSUMER,
        deliveryTag: ++deliveryTag,
        redelivered: false,
        exchange: '',
        routingKey: routingKey.toString('latin1'),
      },
      properties: { headers, correlationId: undefined, replyTo: undefined },
      content,
    });
  };
}

async function least(run, afterRound) {
  let leastNs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let count = 0; count < MESSAGES; count++) run();
    const { user, system } = process.cpuUsage(before);
    leastNs = Math.min(leastNs, ((user + system) * 1000) / MESSAGES);
    await afterRound?.();
  }
  return leastNs;
}

const sink = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200).end());
});
await new Promise((resolve) => sink.listen(0, '127.0.0.1', resolve));
sink.unref();
const exporter = { url: `http://127.0.0.1:${sink.address().port}/v1/traces`, maxQueueBytes: 1 << 30 };

const bare = await least(oneMessage(channels()));
for (const sampler of ['always_off', 'always_on']) {
  process.env.OTEL_TRACES_SAMPLER = sampler;
  const clew = init({ serviceName: 'bench', exporter, plugins: { http: false } });
  const BaseChannel = channels();
  const plugin = new AmqplibInstrumentation();
  plugin.instrument({ BaseChannel });
  const added = (await least(oneMessage(BaseChannel), () => clew.flush())) - bare;
  const spans = clew.stats().spansEnded / (ROUNDS * MESSAGES);
  process.stdout.write(`${sampler.padEnd(10)} ${added.toFixed(0)} ns a message, ${spans} spans\n`);
  plugin.disable();
  await clew.shutdown();
}
