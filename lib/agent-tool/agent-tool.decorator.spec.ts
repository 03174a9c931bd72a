import { SetMetadata, UseGuards } from '@nestjs/common';
import type { CanActivate } from '@nestjs/common';
import { VaultKeyMissingException } from '../exceptions/vault-key-missing.exception';
import { AgentTool, agentToolMark, agentToolMarks, shareMetadata } from './agent-tool.decorator';

const SOUND = { dailyUsdCap: 5, allowedEndpoints: ['/v1/refunds'] };

class UserGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

/** A decorator that puts a function of its own in the method's place, with nothing copied. */
function Traced(): MethodDecorator {
  return (_target, _key, descriptor) => {
    const method = descriptor.value as unknown as (...args: unknown[]) => unknown;
    descriptor.value = function (this: unknown, ...args: unknown[]) {
      return method.apply(this, args);
    } as never;
  };
}

function metadataOf(host: { prototype: object }, name: string, key: unknown): unknown {
  return Reflect.getMetadata(key, (host.prototype as Record<string, object>)[name]!);
}

describe('a method marked with @AgentTool', () => {
  it('keeps its name and the number of its arguments, which others go by', () => {
    class Jobs {
      @AgentTool(SOUND)
      process(_job: unknown, _token: string, _signal: AbortSignal) {}
    }
    expect(Jobs.prototype.process).toHaveLength(3);
    expect(Jobs.prototype.process.name).toBe('process');
  });

  it('keeps what others put on it as a property', () => {
    const Tagged: MethodDecorator = (_target, _key, descriptor) => {
      Object.assign(descriptor.value as object, { tag: 'refunds' });
    };
    class Refunds {
      @AgentTool(SOUND)
      @Tagged
      refund() {}
    }
    expect(Refunds.prototype.refund).toHaveProperty('tag', 'refunds');
  });

  it('has its mark, which is a copy that later changes to the options do not reach', () => {
    const options = { ...SOUND };
    class Refunds {
      @AgentTool(options)
      refund() {}
    }
    options.dailyUsdCap = 5_000;
    expect(agentToolMarks(Refunds.prototype.refund)).toEqual([SOUND]);
  });

  it('is not run on an object that belongs to no application', () => {
    let ran = false;
    class Refunds {
      @AgentTool(SOUND)
      refund() {
        ran = true;
      }
    }
    expect(() => new Refunds().refund()).toThrow(VaultKeyMissingException);
    expect(() => new Refunds().refund()).toThrow('Refunds.refund');
    expect(() => new Refunds().refund()).toThrow('VaultKeyTestingModule');
    expect(() => Reflect.apply(Refunds.prototype.refund, undefined, [])).toThrow(
      VaultKeyMissingException,
    );
    expect(ran).toBe(false);
  });

  it('that is static is a fault where it is called', () => {
    class Refunds {
      @AgentTool(SOUND)
      static refund() {}
    }
    expect(() => Refunds.refund()).toThrow(VaultKeyMissingException);
  });

  it('has the metadata of decorators above and below it', () => {
    class Refunds {
      @SetMetadata('above', 1)
      @UseGuards(UserGuard)
      @AgentTool(SOUND)
      @SetMetadata('below', 2)
      above() {}

      @AgentTool(SOUND)
      @UseGuards(UserGuard)
      below() {}
    }
    expect(metadataOf(Refunds, 'above', 'above')).toBe(1);
    expect(metadataOf(Refunds, 'above', 'below')).toBe(2);
    for (const name of ['above', 'below']) {
      expect(metadataOf(Refunds, name, '__guards__')).toEqual([UserGuard]);
    }
  });

  it('gives the function that a decorator below it has kept the metadata of those above', () => {
    const kept: object[] = [];
    const Scheduled: MethodDecorator = (_target, _key, descriptor) => {
      kept.push(descriptor.value as object);
    };
    class Refunds {
      @UseGuards(UserGuard)
      @AgentTool(SOUND)
      @Scheduled
      refund() {}
    }
    shareMetadata(Refunds.prototype, 'refund');
    expect(Reflect.getMetadata('__guards__', kept[0]!)).toEqual([UserGuard]);
    // The mark is that of the replacement alone: this function opens no run.
    expect(agentToolMarks(kept[0]!)).toEqual([]);
  });

  it('is still known as marked where a decorator above has put another function in its place', () => {
    class Refunds {
      @UseGuards(UserGuard)
      @Traced()
      @AgentTool(SOUND)
      @SetMetadata('below', 2)
      refund() {}
    }
    expect(agentToolMarks(Refunds.prototype.refund)).toEqual([]);
    shareMetadata(Refunds.prototype, 'refund');
    expect(agentToolMarks(Refunds.prototype.refund)).toEqual([SOUND]);
    expect(agentToolMark(Refunds.prototype.refund, Refunds)).toEqual(SOUND);
  });

  it('is known as marked in a subclass too, where a decorator above has put another function in its place', () => {
    class Refunds {
      @UseGuards(UserGuard)
      @Traced()
      @AgentTool(SOUND)
      @SetMetadata('below', 2)
      refund() {}
    }
    class MoreRefunds extends Refunds {}
    shareMetadata(MoreRefunds.prototype, 'refund');
    expect(agentToolMarks(MoreRefunds.prototype.refund)).toEqual([SOUND]);
  });

  it('takes no part of the metadata of a method of the same name in a subclass', () => {
    class Refunds {
      @AgentTool(SOUND)
      refund() {}
    }
    class Free extends Refunds {
      override refund() {}
    }
    shareMetadata(Free.prototype, 'refund');
    expect(agentToolMarks(Free.prototype.refund)).toEqual([]);
  });

  it('that is marked twice has both marks, the outermost first', () => {
    class Refunds {
      @AgentTool({ ...SOUND, dailyUsdCap: 1 })
      @AgentTool(SOUND)
      refund() {}
    }
    expect(agentToolMarks(Refunds.prototype.refund).map(({ dailyUsdCap }) => dailyUsdCap)).toEqual([
      1, 5,
    ]);
  });
});

describe('a class marked with @AgentTool', () => {
  @AgentTool(SOUND)
  class Tools {
    plain() {}

    @AgentTool({ ...SOUND, dailyUsdCap: 1 })
    own() {}
  }
  class MoreTools extends Tools {}

  it("marks its handlers, and those of subclasses, that have no mark of their own; a handler's own comes first", () => {
    expect(agentToolMark(Tools.prototype.plain, Tools)).toEqual(SOUND);
    expect(agentToolMark(Tools.prototype.plain, MoreTools)).toEqual(SOUND);
    expect(agentToolMark(Tools.prototype.own, MoreTools)?.dailyUsdCap).toBe(1);
  });
});
