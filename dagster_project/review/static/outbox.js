// @ts-check
// Unsent decisions and marks: stored in the browser until the server has them on disk, sent again after a reload or an outage.
import { post, Problem } from "./common.js";

const AGAIN_MS = 1000;

export class Outbox {
  /**
   * @param {string} name place in localStorage
   * @param {{saved: (answer: any) => void, refused: (verdict: any, problem: Problem) => any, waiting: (count: number) => void}} told
   */
  constructor(name, told) {
    this.name = name;
    this.told = told;
    /** @type {any[]} */
    this.queue = JSON.parse(localStorage.getItem(name) ?? "[]");
    /** @type {Promise<void> | null} */
    this.work = null;
  }

  /** @param {any} verdict */
  send(verdict) {
    this.queue.push(verdict);
    this.store();
    this.start();
  }

  /** What an earlier page left is sent first. */
  resume() {
    this.start();
    return this.idle();
  }

  /** Until nothing is on its way, or the server does not answer. */
  async idle() {
    while (this.work && this.queue.length) await Promise.race([this.work, new Promise((done) => setTimeout(done, 5000))]);
  }

  start() {
    if (!this.work && this.queue.length) this.work = this.empty().finally(() => { this.work = null; });
  }

  async empty() {
    while (this.queue.length) {
      const [first] = this.queue;
      try {
        this.told.saved(await post(`/api/automation/${first.mark_id ? "mark" : "submit_decision"}`, first, true));
        this.done();
      } catch (error) {
        if (error instanceof Problem && error.status < 500) {
          this.done();
          await this.told.refused(first, error);
        } else {
          this.told.waiting(this.queue.length);
          await new Promise((done) => setTimeout(done, AGAIN_MS));
        }
      }
    }
  }

  /** Whether something else on this set is on its way. @param {string} group */
  awaits(group) {
    return this.queue.slice(1).some((sent) => sent.group_id === group);
  }

  done() {
    this.queue.shift();
    this.store();
  }

  store() {
    localStorage.setItem(this.name, JSON.stringify(this.queue));
  }
}
