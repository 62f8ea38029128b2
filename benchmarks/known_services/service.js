// A service of known capacity: `GET /work` holds a slot for a random sleep, `GET /health` does no work.
// Its only argument is a JSON object, such as {"port": 0, "slots": 4, "mean_s": 0.04}; it prints its port.
const http = require('http');
const asked = { port: 0, slots: 4, queues: 1, queue_most: 1e9, law: 'gamma', mean_s: 0.04, cv: 0.5, deadline_s: 0,
                queue_timeout_s: 0, retries: 0, retry_timeout_s: 0, ...JSON.parse(process.argv[2] || '{}') };

// Sleeps whose mean is what was asked for on a busy machine: what one took too long, the next ones are shorter.
let owed_s = 0;
function sleep(s, then) {
  const paid = Math.min(owed_s, s); owed_s -= paid;
  const todo = s - paid, began = process.hrtime.bigint();
  const end = () => { const took = Number(process.hrtime.bigint() - began) / 1e9; owed_s = Math.min(owed_s + took - todo, 0.05); then(); };
  if (todo <= 0) setImmediate(end); else setTimeout(end, Math.max(0, Math.round(todo * 1000)));
}
function normal() { return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()); }
function gamma(k) { // Marsaglia and Tsang 2000
  if (k < 1) return gamma(k + 1) * Math.pow(1 - Math.random(), 1 / k);
  const d = k - 1 / 3, c = 1 / Math.sqrt(9 * d);
  for (;;) { const x = normal(), v = Math.pow(1 + c * x, 3);
    if (v > 0 && Math.log(1 - Math.random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v; }
}
function work_s() {
  const { law, mean_s, cv } = asked;
  if (!mean_s) return 0;
  if (law === 'exponential') return -mean_s * Math.log(1 - Math.random());
  if (law === 'uniform') return mean_s * (1 + cv * Math.sqrt(3) * (2 * Math.random() - 1));
  if (law === 'lognormal') { const v = Math.log(1 + cv * cv); return mean_s * Math.exp(Math.sqrt(v) * normal() - v / 2); }
  return mean_s * cv * cv * gamma(1 / (cv * cv));
}

// Workers with a queue each; a request joins one of them in turn and stays there.
const workers = Array.from({ length: asked.queues }, () => ({ free: asked.slots / asked.queues, waiting: [] }));
let turn = 0;
function serve(done) { // done(status); the slot is held for the whole work, whoever still listens
  const worker = workers[turn++ % asked.queues], job = { done, timer: null };
  if (worker.free > 0) return begin(worker, job);
  if (worker.waiting.length >= asked.queue_most) return done(503);
  worker.waiting.push(job);
  if (asked.queue_timeout_s) job.timer = setTimeout(() => { worker.waiting.splice(worker.waiting.indexOf(job), 1); done(503); }, asked.queue_timeout_s * 1000);
}
function begin(worker, job) {
  worker.free--; clearTimeout(job.timer);
  sleep(work_s(), () => { worker.free++; job.done(200); if (worker.waiting.length) begin(worker, worker.waiting.shift()); });
}
function gateway(tries, done) { // gives up after a while and tries again; what it left behind is worked off
  let over = false;
  const timer = setTimeout(() => { over = true; tries > 0 ? gateway(tries - 1, done) : done(504); }, asked.retry_timeout_s * 1000);
  serve(status => { if (!over) { clearTimeout(timer); done(status); } });
}
const server = http.createServer((req, res) => {
  let answered = false;
  const answer = status => { if (answered) return; answered = true; res.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' }); res.end('{"ok": ' + (status === 200) + '}'); };
  if (req.url === '/health' || !asked.mean_s) return answer(200);
  if (asked.deadline_s) setTimeout(() => answer(504), asked.deadline_s * 1000);
  if (asked.retry_timeout_s) gateway(asked.retries, answer); else serve(answer);
});
server.listen({ port: asked.port, host: '127.0.0.1', backlog: 4096 }, () => console.log(server.address().port));
