// Preloaded into the sample: a message sets how far its clock is ahead, in milliseconds.
const now = Date.now;
let ahead = 0;

Date.now = () => now() + ahead;
process.on('message', (milliseconds) => {
  ahead = milliseconds;
  process.send('set');
});
process.channel.unref();
