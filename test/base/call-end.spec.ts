import { CallEnd } from '../../lib/base/call-end.js';
import { AbortControllers } from '../support/abort-controllers.js';

const reason = new Error('too late');

describe('CallEnd', () => {
  it('calls each listener once, except removed ones', () => {
    const end = new CallEnd();
    const called: string[] = [];
    const removed = (): void => void called.push('removed');
    end.addEventListener('abort', () => void called.push('first'));
    end.addEventListener('abort', removed);
    end.addEventListener('abort', () => void called.push('last'));
    end.removeEventListener('abort', removed);
    end.abort(reason);
    end.abort(new Error('again'));
    expect(called).toEqual(['first', 'last']);
    expect(end.reason).toBe(reason);
  });

  it('calls the other listeners when the first one was removed', () => {
    const end = new CallEnd();
    const called: string[] = [];
    const first = (): void => void called.push('first');
    end.addEventListener('abort', first);
    end.addEventListener('abort', () => void called.push('second'));
    end.addEventListener('abort', () => void called.push('third'));
    end.removeEventListener('abort', first);
    end.abort(reason);
    expect(called).toEqual(['second', 'third']);
  });

  it('does not call a listener that an earlier listener removes', () => {
    const end = new CallEnd();
    const called: string[] = [];
    const second = (): void => void called.push('second');
    end.addEventListener('abort', () => end.removeEventListener('abort', second));
    end.addEventListener('abort', second);
    end.abort(reason);
    expect(called).toEqual([]);
  });

  it('throws its reason from the end on', () => {
    const end = new CallEnd();
    expect(() => end.throwIfAborted()).not.toThrow();
    end.abort(reason);
    expect(() => end.throwIfAborted()).toThrow(reason);
  });

  it.each(['before', 'after'])(
    'has a signal with the same reason that is read %s the end',
    (at) => {
      const end = new CallEnd();
      const early = at === 'before' ? end.signal : undefined;
      end.abort(reason);
      expect(end.signal).toBe(early ?? end.signal);
      expect([end.signal.aborted, end.signal.reason]).toEqual([true, reason]);
    },
  );

  it('creates no AbortController until its signal is read', () => {
    const controllers = new AbortControllers();
    const end = new CallEnd();
    end.addEventListener('abort', () => undefined);
    end.abort(reason);
    expect(controllers.count).toBe(0);
    void end.signal;
    void end.signal;
    controllers.stop();
    expect(controllers.count).toBe(1);
  });
});
