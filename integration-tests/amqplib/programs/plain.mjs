// The same as plain.cjs, with the callback API, as an ES module.
import { connect } from 'amqplib/callback_api';

connect(process.env.AMQP_URL, (_error, connection) => {
  connection.createChannel((_noChannel, server) => {
    server.assertQueue('clew.plain', { exclusive: true }, () => {
      server.consume('clew.plain', (message) => {
        const { replyTo, correlationId } = message.properties;
        if (replyTo) server.sendToQueue(replyTo, message.content, { correlationId });
        server.ack(message);
      });
      connection.createConfirmChannel((_noConfirms, channel) => {
        channel.sendToQueue('clew.plain', Buffer.from('1'), {}, () => {
          const replyTo = 'amq.rabbitmq.reply-to';
          const onReply = () => connection.close();
          channel.consume(replyTo, onReply, { noAck: true }, () => {
            channel.sendToQueue('clew.plain', Buffer.from('2'), { replyTo, correlationId: '2' });
          });
        });
      });
    });
  });
});
