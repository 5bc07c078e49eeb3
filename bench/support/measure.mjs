/**
 * Runs concurrent callers for a time, each of which repeats its call when the previous one is done.
 *
 * @param call `(done) => void`
 * @returns number of commands, commands per second, latencies in microseconds, CPU of this process per command in
 *   microseconds
 */
export async function measure(call, callers, milliseconds) {
  const latencies = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + milliseconds;
  await Promise.all(Array.from({ length: callers }, () => caller(call, end, latencies)));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  latencies.sort((a, b) => a - b);
  return {
    count: latencies.length,
    perSecond: latencies.length / seconds,
    p50: latencies[Math.floor(latencies.length * 0.5)],
    p99: latencies[Math.floor(latencies.length * 0.99)],
    cpu: (user + system) / latencies.length,
  };
}

function caller(call, end, latencies) {
  return new Promise((resolve) => {
    let began;
    const done = () => {
      const now = performance.now();
      latencies.push((now - began) * 1000);
      if (now >= end) return resolve();
      next();
    };
    const next = () => {
      began = performance.now();
      call(done);
    };
    next();
  });
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
