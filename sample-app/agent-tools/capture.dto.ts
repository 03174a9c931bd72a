import { IsInt, IsOptional, IsString, Min } from 'class-validator';

export class CaptureDto {
  /** What `charge` gave as a payment's id. */
  @IsString()
  paymentId!: string;

  /** In cents; all that was reserved where left out. */
  @IsOptional()
  @IsInt()
  @Min(1)
  amount?: number;
}
