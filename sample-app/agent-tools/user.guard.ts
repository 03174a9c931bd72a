import { Injectable, UnauthorizedException } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

const USER_ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Believes a header about who is asking, which a real guard must not. All that matters here is
 * that a guard puts `user` on the request: vault keys are issued in that user's name.
 */
@Injectable()
export class UserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request & { user?: { id: string } }>();
    const id = request.headers['x-user-id'];
    if (typeof id !== 'string' || !USER_ID.test(id)) {
      throw new UnauthorizedException('Say who you are in the header X-User-ID, such as "ada".');
    }
    request.user = { id };
    return true;
  }
}
