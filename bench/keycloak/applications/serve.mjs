/** Listens, sends the address to the benchmark, responds with CPU times, and ends with it. */
export async function serve(app) {
  await app.listen(0, '127.0.0.1');
  process.on('message', () => process.send(process.cpuUsage()));
  process.on('disconnect', () => process.exit());
  process.send({ origin: await app.getUrl() });
}
